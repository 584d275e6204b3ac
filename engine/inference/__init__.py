"""The generator prepared for rendering: folded weights, modulation rows kept between frames, incremental previews; no gradients."""

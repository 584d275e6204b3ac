"""The generator prepared for rendering: folded weights, modulation rows kept between frames, incremental previews.

Nothing here is differentiable or knows label sets; :mod:`spade_studio.engine.networks` holds the definition it agrees with.
"""

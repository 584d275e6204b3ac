"""Metrics of generators, registered by name and measured on held-out pictures."""

from spade_studio.train.metrics.context import MetricBatch, MetricContext
from spade_studio.train.metrics.distances import diversity, reconstruction_l1, whole_pictures
from spade_studio.train.metrics.errors import MetricError
from spade_studio.train.metrics.frechet import FeatureStatistics, FrechetDistance, RealCache
from spade_studio.train.metrics.registry import METRICS, Metric, measure

__all__ = [
    "METRICS",
    "FeatureStatistics",
    "FrechetDistance",
    "Metric",
    "MetricBatch",
    "MetricContext",
    "MetricError",
    "RealCache",
    "diversity",
    "measure",
    "reconstruction_l1",
    "whole_pictures",
]

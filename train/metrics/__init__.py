"""Metrics of a generator: registered by name, measured on held-out pictures. Nothing here knows runs or files of weights."""

from spade_studio.train.metrics.context import MetricBatch, MetricContext
from spade_studio.train.metrics.distances import diversity, reconstruction_l1, whole_pictures
from spade_studio.train.metrics.errors import MetricError
from spade_studio.train.metrics.features import EfficientNetLiteFeatures, FeatureNetwork, InceptionFeatures, load_features
from spade_studio.train.metrics.frechet import FeatureStatistics, FrechetDistance, RealCache
from spade_studio.train.metrics.registry import METRICS, Metric, measure

__all__ = [
    "METRICS",
    "EfficientNetLiteFeatures",
    "FeatureNetwork",
    "FeatureStatistics",
    "FrechetDistance",
    "InceptionFeatures",
    "Metric",
    "MetricBatch",
    "MetricContext",
    "MetricError",
    "RealCache",
    "diversity",
    "load_features",
    "measure",
    "reconstruction_l1",
    "whole_pictures",
]

"""The search on the device: several generations are one compiled program."""

from topojax.search.on_device.choice import Choice, choose_topology
from topojax.search.on_device.generations import TracedFitness, generations_on_device
from topojax.search.on_device.objective import check_on_device, device_fitness

__all__ = [
    "Choice",
    "TracedFitness",
    "check_on_device",
    "choose_topology",
    "device_fitness",
    "generations_on_device",
]

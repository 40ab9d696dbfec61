"""A small web service that can be told to misbehave, for real.

It runs unchanged as a process, a container and a pod. ``POST /failures`` switches
its toggles; nothing is simulated: a leak touches memory, a spike burns CPU.
"""

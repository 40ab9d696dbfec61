"""What a kubelet and its control plane do, small, on the cgroups of one machine."""

"""What a reboot of this node would mean, and the steps to it. `holdfast reboot` asks and drives; nothing here
decides."""

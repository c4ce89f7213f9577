"""Smart pixels: from the charge that PixelAV simulates to the voltage at the amplifiers' output."""

"""The tests, room by room, and the parity tests over recorded cases."""

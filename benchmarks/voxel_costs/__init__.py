"""What one voxel costs: machine instructions, bytes read and written."""

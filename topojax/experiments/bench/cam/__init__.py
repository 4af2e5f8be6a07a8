"""Class activation maps as they are stored, beside what they are in float32."""

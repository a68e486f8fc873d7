"""What a report says, as data: bundles, their files, how they are read from the warehouse and what they leave out."""

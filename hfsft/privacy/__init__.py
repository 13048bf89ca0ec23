"""What a text holds that is nobody else's business."""

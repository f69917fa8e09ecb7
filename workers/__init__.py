"""The Celery app, worker profiles and process lifecycle. `celery -A workers` finds celery.py."""

"""What whoever connects a till needs: API keys, a first call, the request log, webhooks."""

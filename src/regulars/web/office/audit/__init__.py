"""The audit log as pages, and exports that take a while."""

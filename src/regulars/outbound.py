"""The one way to other people's servers: public addresses only, one answer, no redirects, a firm deadline."""

"""Figures: daily totals rolled up from entries behind a watermark, read together with the short tail."""

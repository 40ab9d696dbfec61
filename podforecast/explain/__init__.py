"""Why a forecast is what it is, and what somebody on call can do about it."""

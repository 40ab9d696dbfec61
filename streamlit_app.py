"""The dashboard: ``streamlit run streamlit_app.py``."""

import streamlit as st

from podforecast.errors import ConfigurationError
from podforecast.settings import read_settings
from podforecast.ui import dashboard

try:
    settings = read_settings().dashboard
except ConfigurationError as error:
    st.error(f"{error.message}  \n{error.hint}")
    st.stop()
dashboard.run(address=str(settings.api_url), timeout=settings.timeout, api_key=settings.api_key)

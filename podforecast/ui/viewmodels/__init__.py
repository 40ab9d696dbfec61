"""What pages show, computed without Streamlit."""

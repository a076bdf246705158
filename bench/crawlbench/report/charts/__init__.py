"""Charts of a session, drawn by Vega-Altair (floor 3); needs the extra `report`."""

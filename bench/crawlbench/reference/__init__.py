"""Results that others can cite (floor 4): bundles, matrices, the table, badges, agreement.

A bundle is one session in one small file, made to be published. A matrix is a folder of bundles:
what one machine and one Python measured for the table, with three sessions of each part.
"""

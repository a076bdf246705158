"""Results that others cite (floor 4): bundles, matrices of them, the table, badges, agreement.

A bundle is one session in one small file, made to be published. A matrix is a folder of bundles:
what one machine and one Python measured for the table, three sessions of each part.
"""

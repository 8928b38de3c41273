"""netconform on the hosts: one program, started by `main` with the name of a command.

Standard library only, Python >= 3.9. The harness sends it as a zip file that Python imports from.
"""

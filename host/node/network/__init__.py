"""The running network, as a change of it is judged: what it is (snapshot.py), what the files say it should be (declared.py), and
what works (checks.py). Loaded only where a change is made: no boot unit and no look needs it, but for how the node's own
ifupdown2 is called (ifupdown.py)."""

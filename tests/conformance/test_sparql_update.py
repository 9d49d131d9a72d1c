"""SPARQL 1.1 Update and the Graph Store Protocol: counted, and not run until updates are taken.

To run them, write what a case does in place of the failure, and take its entry out of known.toml.
"""

from __future__ import annotations

import pytest

from conformance.manifests import TurtleCase
from conformance.suites import GRAPHS, GRAPHS_2012, UPDATE


@pytest.mark.suite(UPDATE)
def test_update(case: TurtleCase) -> None:
    pytest.fail("nothing runs this case")


@pytest.mark.suite(GRAPHS)
def test_graph_store_protocol(case: TurtleCase) -> None:
    pytest.fail("nothing runs this case")


@pytest.mark.suite(GRAPHS_2012)
def test_graph_store_protocol_of_2012(case: TurtleCase) -> None:
    pytest.fail("nothing runs this case")

"""What is otherwise when the service serves what another server holds (`--behind`), and why: test -> reason."""

from __future__ import annotations

UNKNOWN_GRAPH = "a graph that the endpoint does not hold is refused with 400, not taken for an empty one"
NO_REPORT = "nothing here validates what an endpoint holds"
DUPLICATES = "the union of Virtuoso has a statement once for each graph that states it"
DATASET = "Virtuoso keeps named graphs in view, and adds the graphs of the protocol to those of the query"
EVERYWHERE = {
    "test_sparql.py::test_no_query_makes_a_request": UNKNOWN_GRAPH,
    "test_sparql.py::test_no_query_reads_a_file": UNKNOWN_GRAPH,
    "test_problems.py::test_no_answer_to_a_broken_request_tells_of_the_server[/sparql?query=SELECT*FROM%20%3Cfile:///tmp%3E%7B%7D]": (
        "the refusal names the graph of the query, which is a path in this one"
    ),
    "test_links.py::test_every_link_leads_somewhere": NO_REPORT,
    "test_views.py::test_each_rule_has_a_page_and_the_numbers_add_up": NO_REPORT,
}
KNOWN = {
    "oxigraph": EVERYWHERE,
    "virtuoso": EVERYWHERE
    | {
        "test_http.py::test_27_the_figures_of_the_dataset_are_what_a_query_counts": DUPLICATES,
        "test_sparql.py::test_what_several_graphs_state_is_one_triple_of_the_union": DUPLICATES,
        "test_sparql.py::test_the_protocol_names_the_dataset": DATASET,
        "test_sparql.py::test_the_protocol_overrides_the_query": DATASET,
        "test_sparql.py::test_iris_are_relative_to_the_base_of_the_knowledge_base": "IRI('x') of Virtuoso is relative, which is no IRI",
        "test_sparql.py::test_a_query_nested_almost_too_deeply_is_answered": "the parser of Virtuoso takes fewer brackets",
        "test_sparql.py::test_an_answer_is_sent_while_it_is_made": "Virtuoso makes an answer whole before it sends it",
        "test_sparql.py::test_a_page_shows_the_beginning_of_a_large_answer": "Virtuoso makes an answer whole before it sends it",
    },
}

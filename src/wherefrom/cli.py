"""The door on the terminal: data to stdout, talk to stderr, every command a few lines over the core.

Exit codes: 0 done, 1 findings (does not conform, something falls), 2 usage, 3 input unreadable, 4 our fault.
Heavy modules are loaded inside the commands, so that `--help` is quick.
"""

from __future__ import annotations

import argparse
import json
import sys
import traceback
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wherefrom.problems import BadParameter, Problem
from wherefrom.version import __version__

if TYPE_CHECKING:
    from wherefrom.load import KnowledgeBase
    from wherefrom.opening import OpenKnowledgeBase
    from wherefrom.report import Report

DONE, FINDINGS, OUR_FAULT, INTERRUPTED = 0, 1, 4, 130
LINEAGE_FORMATS = ("tree", "json", "jsonld", "turtle", "dot", "graphml", "gexf", "csv", "svg")
EXPORTS = ("turtle", "trig", "ntriples", "nquads", "jsonld", "rdfxml")
REFERENCES = ("bibtex", "ris", "csl")
Command = Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except Problem as problem:
        print(f"error: {problem.detail}\n  to do: {problem.remedy}", file=sys.stderr)
        return problem.exit_code
    except BrokenPipeError:
        sys.stderr.close()
        return DONE
    except KeyboardInterrupt:
        return DONE if options.run is _serve else INTERRUPTED
    except Exception:  # an unforeseen one would end with 1, which means findings
        traceback.print_exc()
        print("error: This is a fault of wherefrom, not of your data.\n  to do: Report the lines above.", file=sys.stderr)
        return OUR_FAULT
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="wherefrom", description="Publish what sources say, and trace where each claim comes from.")
    parser.add_argument("--version", action="version", version=f"wherefrom {__version__}")
    parser.add_argument(
        "--kb", metavar="DIR|URL", help="the knowledge base, or a SPARQL endpoint that holds one (default: this folder, else the example)"
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(name: str, run: Command, words: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=words, description=words)
        made.set_defaults(run=run)
        return made

    made = command("init", _init, "make a new knowledge base with one worked example")
    made.add_argument("folder", metavar="DIR")
    made = command("validate", _validate, "load, lint and run the shapes")
    made.add_argument("paths", nargs="*", metavar="PATH", help="knowledge bases, or files of one whose results to show")
    made.add_argument("--format", choices=("text", "json", "turtle", "sarif", "github"), default="text")
    made.add_argument("--json", dest="format", action="store_const", const="json")
    made = command("build", _build, "write the validated store; all or nothing")
    made.add_argument("--store", metavar="DIR", help="where the store goes (default: .wherefrom/store)")
    made = command("serve", _serve, "publish over HTTP: pages, SPARQL, lineage, downloads")
    made.add_argument("--host", default="127.0.0.1")
    made.add_argument("--port", type=int, default=8000, help="0 picks a free one")
    made.add_argument("--workers", type=_positive, default=1, metavar="N", help="web processes that share the address (default: 1)")
    made.add_argument(
        "--store",
        metavar="DIR|URL",
        help="where the store is, or is built if the files have changed; or a SPARQL endpoint that has the data",
    )
    made.add_argument("--reload", action="store_true", help="build and change over when a file has changed (SIGHUP does it at any time)")
    made.add_argument("--token-file", metavar="FILE", help="take writes from those whose tokens are listed there, see `wherefrom token`")
    made.add_argument("--access-log", action="store_true", help="tell each request on standard error, as a line of JSON without who asked")
    made = command("backup", _backup, "the knowledge base as one file: settings, data and what was written over HTTP")
    made.add_argument("file", metavar="FILE")
    made = command("restore", _restore, "put the knowledge base of a backup in place, in one step; what was there is kept beside it")
    made.add_argument("file", metavar="FILE")
    made = command("token", _token, "make a token for writing: it is shown once; its line goes into the token file")
    made.add_argument("name", metavar="NAME", help="who writes with it; told in the journal and at /changes")
    made = command("query", _query, "ask in SPARQL, or one of the named questions")
    made.add_argument("file", nargs="?", metavar="FILE.rq", help="a query file, - for standard input")
    made.add_argument("--name", metavar="QUESTION", help="a named question")
    made.add_argument("--list", action="store_true", help="list the named questions")
    made.add_argument("--format", default="table", help="table, json, csv, tsv, xml; turtle, ntriples, rdfxml, jsonld for graphs")
    made.add_argument("--json", dest="format", action="store_const", const="json")
    made = command("lineage", _lineage, "where a thing comes from, and what comes from it")
    made.add_argument("thing", metavar="THING")
    made.add_argument("--direction", default="both", help="grounds, consequences or both")
    made.add_argument("--policy", default="stated", help="stated: only what sources say; inferred: with what curators concluded")
    made.add_argument("--as-of", type=int, metavar="YEAR", help="only what was published by then")
    made.add_argument("--depth", type=int, metavar="STEPS", help="so many steps and no more")
    made.add_argument(
        "--follow",
        nargs="+",
        action="extend",
        metavar="WAY",
        help="support, sources, propositions, theory (all four by default), citations",
    )
    made.add_argument(
        "--kind", nargs="+", action="extend", default=[], metavar="KIND", help="show only these kinds: claim, study, publication ..."
    )
    made.add_argument("--source", nargs="+", action="extend", default=[], metavar="SOURCE", help="only what these sources say")
    made.add_argument(
        "--design", nargs="+", action="extend", default=[], metavar="DESIGN", help="only over studies of these designs: rct ..."
    )
    made.add_argument("--stance", nargs="+", action="extend", default=[], metavar="STANCE", help="only citations of these stances")
    made.add_argument("--format", choices=LINEAGE_FORMATS, default="tree")
    made.add_argument("--json", dest="format", action="store_const", const="json")
    made = command("impact", _impact, "what falls when a publication or study is withdrawn")
    made.add_argument("--withdraw", nargs="+", action="extend", required=True, metavar="THING", help="publications, studies, people")
    made.add_argument("--brief", action="store_true", help="counts and ratings only")
    made.add_argument("--reading", default="one", help="one: one path is enough to stand (default); all: every path is needed")
    _answer_options(made)
    made = command("independence", _independence, "the independent lines of evidence behind a claim")
    made.add_argument(
        "thing", metavar="THING", help="a claim, finding, rating; or what claims speak of: a proposition, intervention, outcome"
    )
    made.add_argument("--outcome", metavar="THING", help="with an intervention: the outcome")
    _answer_options(made)
    made = command("unsupported", _unsupported, "the claims that cite nothing")
    made.add_argument("--source", metavar="SOURCE", help="only those of one source")
    made.add_argument("--json", action="store_true")
    made = command("overlap", _overlap, "how far documents cite the same trials or publications")
    made.add_argument(
        "documents", nargs="*", metavar="DOCUMENT", help="only these; a source stands for its documents (default: all that cite something)"
    )
    made.add_argument("--unit", default="study", help="study or publication")
    _answer_options(made)
    made = command("findings", _findings, "figures of findings side by side, with intervals, and how many trials they are")
    made.add_argument("--study", metavar="THING", help="only those of a trial")
    made.add_argument("--outcome", metavar="THING", help="only those on an outcome or a narrower one")
    made.add_argument("--source", metavar="SOURCE", help="only those that a source tells")
    made.add_argument("--policy", default="stated", help="stated: only what sources say; inferred: with what curators concluded")
    made.add_argument("--format", choices=("text", "json", "svg"), default="text", help="svg: as a forest plot")
    made.add_argument("--json", dest="format", action="store_const", const="json")
    made = command("discrepancies", _discrepancies, "where records disagree, by how much, and why if that can be shown")
    made.add_argument("--kind", metavar="KIND", help="value, population, design, bibliography, intervention-relation ...")
    _answer_options(made)
    made = command("checks", _checks, "which printed figures follow from which others, by which formula, and which do not")
    made.add_argument("things", nargs="*", metavar="THING", help="findings, or studies for all findings of their trials (default: all)")
    _answer_options(made)
    made = command("keystones", _keystones, "what most hangs on: papers or trials by what would fall with each alone")
    made.add_argument("--unit", default="publication", help="publication or study")
    _answer_options(made)
    made = command("map", _map, "how many claims and independent lines of evidence there are, by intervention and outcome")
    made.add_argument("--rows", default="intervention", help="intervention, outcome or source")
    made.add_argument("--cols", default="outcome", help="another one of these")
    _answer_options(made)
    made = command("paths", _paths, "the ways from a thing down to another, and how many there are")
    made.add_argument("start", metavar="FROM")
    made.add_argument("end", metavar="TO")
    _answer_options(made)
    made = command("citations", _citations, "who cites whom about a thing: paths, amplification, bias, dead ends")
    made.add_argument("thing", nargs="?", metavar="THING", help="a claim, what claims speak of, or a paper (default: the whole base)")
    made.add_argument("--stance", default="supporting", help="supporting, contrasting, mentioning or any")
    _answer_options(made)
    made = command("find", _find, "things by their names, titles, DOIs, printed references and notes; slips of typing are forgiven")
    made.add_argument("words", nargs="+", metavar="TEXT")
    made.add_argument("--type", metavar="KIND", help="only claims, studies, publications ...: claim, study, publication ...")
    made.add_argument("--page", type=int, default=1, help="the next hits of each kind")
    made.add_argument("--json", action="store_true")
    made = command("stats", _stats, "how much of what there is")
    made.add_argument("--json", action="store_true")
    made = command("export", _export, "the whole base, a graph or things, as a file")
    made.add_argument("things", nargs="*", metavar="THING")
    made.add_argument("--format", choices=(*EXPORTS, *REFERENCES, "site"), default="trig",
                      help="bibtex, ris, csl: what things rest on and cite; site: all pages, as a folder of files")  # fmt: skip
    made.add_argument("--graph", metavar="G", help="one graph: edition/SLUG, graph/SLUG, or the last part of its name")
    made.add_argument("-o", "--output", metavar="FILE")
    made = command("locate", _locate, "the passage for a place in a document")
    made.add_argument("document", metavar="DOCUMENT")
    made.add_argument("wanted", metavar="TEXT|LINE", help="a piece of text, a line (160) or lines (152-164)")
    made.add_argument("--json", action="store_true")
    made = command("check-retractions", _check_retractions, "a Retraction Watch file against the bibliography, offline")
    made.add_argument("file", metavar="CSV")
    made.add_argument("--json", action="store_true")
    made = command("ingest", _ingest, "tables of a citation network as data; shows the difference, writes only with --write")
    made.add_argument("files", nargs="+", metavar="FILE")
    made.add_argument("--template", choices=("network",), required=True)
    made.add_argument("--map", metavar="FILE.toml", help="what the tables call things: see docs/ingest-network.md")
    made.add_argument("--write", action="store_true", help="write the files, if they conform")
    made.add_argument("--into", metavar="DIR", help="the folder that is written into (default: the knowledge base)")
    made = command("verify-sources", _verify_sources, "check every passage against the documents")
    made.add_argument("folder", metavar="DIR")
    made.add_argument("--json", action="store_true")
    return parser


def _answer_options(made: argparse.ArgumentParser) -> None:
    made.add_argument("--policy", default="stated", help="stated: only what sources say; inferred: with what curators concluded")
    made.add_argument("--json", action="store_true")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _show_json(value: Any) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False))


def _folder(options: argparse.Namespace) -> Path:
    from wherefrom.opening import default_folder

    return Path(options.kb) if options.kb else default_folder()


def _open(options: argparse.Namespace) -> OpenKnowledgeBase:
    from wherefrom.opening import open

    return open(options.kb if str(options.kb).startswith(("http://", "https://")) else _folder(options))


def _init(options: argparse.Namespace) -> int:
    from wherefrom.starter import create

    folder = Path(options.folder)
    create(folder)
    print(f"Made {folder}. Next: wherefrom --kb {folder} validate")
    return DONE


def _validate(options: argparse.Namespace) -> int:
    from wherefrom.load import SyntaxProblem, read_knowledge_base
    from wherefrom.problems import UnreadableInput
    from wherefrom.report import Report, render
    from wherefrom.validate import syntax_report, validate

    folders = [path for path in options.paths if Path(path).is_dir()] or [str(_folder(options))]
    files = [path for path in options.paths if not Path(path).is_dir()]
    conforms = True
    unknown = set(files)
    for folder in folders:
        try:
            base = read_knowledge_base(Path(folder))
            unknown -= {path for path in files for source in (*base.sources, *base.shapes) if _is(source.name, path, folder)}
            report = validate(base)
        except SyntaxProblem as problem:
            unknown.clear()  # what else there is was not read
            report = syntax_report(problem)
        if files:
            report = Report(tuple(result for result in report.results if any(_is(result.file, path, folder) for path in files)))
        text = render(report, options.format)
        if text:
            print(text)
        _say(report.summary())
        conforms &= report.conforms
    if unknown:
        raise UnreadableInput(f"{', '.join(sorted(unknown))}: no such file in the knowledge base.")
    return DONE if conforms else FINDINGS


def _is(name: str, path: str, folder: str) -> bool:
    return name == path or Path(folder, name).resolve() == Path(path).resolve()


def _build_at(folder: Path, stores: Path | None) -> Any:
    from wherefrom.build import build, home
    from wherefrom.load import read_knowledge_base

    now = datetime.now(UTC).isoformat(timespec="seconds")
    return build(read_knowledge_base(folder), stores or home(folder) / "store", _say, now)


def _build(options: argparse.Namespace) -> int:
    built = _build_at(_folder(options), Path(options.store) if options.store else None)
    _say(f"{sum(built.graphs.values()):,} statements in {len(built.graphs)} graphs, digest {built.digest[:16]}")
    return DONE


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not 1 or more")
    return number


def _serve(options: argparse.Namespace) -> int:
    from wherefrom.build import home
    from wherefrom.store import is_endpoint
    from wherefrom.web.process import Service
    from wherefrom.web.server import serve

    folder = _folder(options)
    if options.store and is_endpoint(options.store):
        _check_endpoint(options, folder)
        serve(Service(folder, options.store, watch=True, access_log=options.access_log), options.host, options.port, options.workers)
        return DONE
    stores = Path(options.store) if options.store else home(folder) / "store"
    token_file = Path(options.token_file) if options.token_file else None
    _build_at(folder, stores)
    service = Service(folder, stores, token_file, watch=options.reload, access_log=options.access_log)
    serve(service, options.host, options.port, options.workers)
    return DONE


def _check_endpoint(options: argparse.Namespace, folder: Path) -> None:
    """Refuse what needs files where an endpoint is served, and data that the settings do not fit."""
    from wherefrom.opening import base_of
    from wherefrom.problems import BadSettings
    from wherefrom.settings import FILE, read_settings
    from wherefrom.store import RemoteStore

    if options.token_file or options.reload:
        named = "--token-file" if options.token_file else "--reload"
        raise BadParameter(f"{named} is for a store that is built here. An endpoint is written at its own address, and watched anyway.")
    store, base = RemoteStore(options.store), read_settings(folder).base
    found = base_of(store)
    store.close()
    if found not in (None, base):
        raise BadSettings(f"{FILE} has the base {base}; the data at the endpoint begin with {found}.")


def _backup(options: argparse.Namespace) -> int:
    from wherefrom.backup import backup

    label = backup(_folder(options), Path(options.file))
    _say(f"Digest {label.digest[:16]}, {label.entries} writes over HTTP in it.")
    return DONE


def _restore(options: argparse.Namespace) -> int:
    from wherefrom.backup import restore

    label = restore(Path(options.file), _folder(options))
    _say(f"Digest {label.digest[:16]}. A server that runs without --reload takes it up on SIGHUP.")
    return DONE


def _token(options: argparse.Namespace) -> int:
    from wherefrom.tokens import make_token

    token, line = make_token(options.name)
    _say(f"The token, shown only now: {token}\nThe line for the token file:")
    print(line)
    return DONE


def _query(options: argparse.Namespace) -> int:
    from wherefrom.query import question, questions

    if options.list:
        for asked in questions().values():
            print(f"{asked.name}\n    {asked.title}")
        return DONE
    if options.name:
        text = question(options.name).text
    elif options.file:
        text = sys.stdin.read() if options.file == "-" else _text(Path(options.file))
    else:
        raise BadParameter("Name a query file, - for standard input, --name QUESTION or --list.")
    from wherefrom.answering import answer_to_bytes, as_table

    knowledge_base = _open(options)
    if options.format == "table":
        for line in as_table(knowledge_base.store, text, knowledge_base.settings.base):
            print(line)
        return DONE
    sys.stdout.buffer.write(answer_to_bytes(knowledge_base.store, text, options.format))
    return DONE


def _text(path: Path) -> str:
    from wherefrom.problems import UnreadableInput

    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableInput(f"{path.name} cannot be read: {error}.") from error


def _lineage(options: argparse.Namespace) -> int:
    from wherefrom import drawing
    from wherefrom.answers import lineage_answer, lineage_quads
    from wherefrom.export import export
    from wherefrom.narrowing import trace

    kb = _open(options)
    graph = trace(
        kb.store,
        [kb.iri(options.thing)],
        options.direction,
        options.policy,
        nodes=kb.settings.lineage_nodes,
        depth=options.depth,
        year=options.as_of,
        sources=[kb.iri(_source(name)) for name in options.source],
        designs=options.design,
        stances=options.stance,
        **({"follow": options.follow} if options.follow else {}),
    )
    if options.format in ("jsonld", "turtle"):
        sys.stdout.buffer.write(export(lineage_quads(kb.store, graph, kb.settings.base, options.kind), options.format, kb.settings.base))
        return DONE
    answer = lineage_answer(kb.store, graph, kb.settings.base, options.kind)
    if options.format == "json":
        _show_json(answer)
    else:
        print(drawing.DRAWINGS[options.format](answer), end="" if options.format == "csv" else "\n")
    return DONE


def _source(name: str) -> str:
    """Return the name of a source as type/slug, however it was given."""
    return name if "/" in name else f"source/{name}"


def _impact(options: argparse.Namespace) -> int:
    from wherefrom.answers import impact_answer
    from wherefrom.drawing import impact_text

    kb = _open(options)
    found = kb.impact(*options.withdraw, policy=options.policy, reading=options.reading)
    answer = impact_answer(found, kb.settings.base)
    _show_json(answer) if options.json else print(impact_text(answer, brief=options.brief))
    return FINDINGS if found.falls else DONE


def _independence(options: argparse.Namespace) -> int:
    from wherefrom.answers import independence_answer
    from wherefrom.drawing import independence_text

    kb = _open(options)
    answer = independence_answer(kb.independence(options.thing, options.outcome, options.policy), kb.settings.base)
    _show_json(answer) if options.json else print(independence_text(answer))
    return DONE


def _unsupported(options: argparse.Namespace) -> int:
    from wherefrom.answers import unsupported_answer

    kb = _open(options)
    source = kb.iri(_source(options.source)) if options.source else None
    answer = unsupported_answer(kb.store, kb.settings.base, source)
    if options.json:
        _show_json(answer)
        return DONE
    for claim in answer["claims"]:
        print(f"{claim['source']}  {claim['label']}  ({', '.join(claim['kinds'])})  {claim['id']}")
    _say(f"{answer['count']} claims cite nothing: " + ", ".join(f"{s} {n}" for s, n in answer["bySource"].items()))
    return DONE


def _overlap(options: argparse.Namespace) -> int:
    from wherefrom.answers import overlap_answer
    from wherefrom.drawing import overlap_text
    from wherefrom.overlap import overlap

    kb = _open(options)
    documents = frozenset(kb.iri(document) for document in options.documents) or None
    answer = overlap_answer(kb.store, overlap(kb.store, options.unit, options.policy, documents), kb.settings.base)
    _show_json(answer) if options.json else print(overlap_text(answer))
    return DONE


def _findings(options: argparse.Namespace) -> int:
    from wherefrom import drawing, forest
    from wherefrom.findings import findings_answer

    kb = _open(options)
    source = options.source and (options.source if "/" in options.source else f"source/{options.source}")
    asked = (kb.iri(name) if name else None for name in (options.study, options.outcome, source))
    answer = findings_answer(kb.store, kb.settings.base, options.policy, *asked)
    if options.format == "json":
        _show_json(answer)
    else:
        print(forest.svg(answer) if options.format == "svg" else drawing.findings_text(answer))
    return DONE


def _discrepancies(options: argparse.Namespace) -> int:
    from wherefrom.answers import discrepancies_answer
    from wherefrom.drawing import discrepancies_text

    kb = _open(options)
    answer = discrepancies_answer(kb.store, options.policy, options.kind, kb.settings.base)
    _show_json(answer) if options.json else print(discrepancies_text(answer))
    return FINDINGS if answer["count"] else DONE


def _checks(options: argparse.Namespace) -> int:
    from wherefrom.checks import checks, checks_answer
    from wherefrom.drawing import checks_text

    kb = _open(options)
    found = checks(kb.store, options.policy, tuple(kb.iri(thing) for thing in options.things))
    answer = checks_answer(kb.store, found, options.policy, kb.settings.base)
    _show_json(answer) if options.json else print(checks_text(answer))
    return FINDINGS if answer["verdicts"]["does not reproduce"] else DONE


def _keystones(options: argparse.Namespace) -> int:
    from wherefrom.answers import keystones_answer
    from wherefrom.drawing import keystones_text
    from wherefrom.keystones import keystones

    kb = _open(options)
    found = keystones(kb.arrays, options.unit, options.policy)
    answer = keystones_answer(kb.store, found, options.unit, options.policy, kb.settings.base)
    _show_json(answer) if options.json else print(keystones_text(answer))
    return DONE


def _map(options: argparse.Namespace) -> int:
    from wherefrom.answers import map_answer
    from wherefrom.drawing import map_text
    from wherefrom.evidence_map import evidence_map, measured_only

    kb = _open(options)
    cells = evidence_map(kb.arrays, options.rows, options.cols, options.policy)
    measured = measured_only(kb.arrays, options.rows, options.cols, options.policy)
    answer = map_answer(kb.store, cells, options.rows, options.cols, options.policy, kb.settings.base, measured)
    _show_json(answer) if options.json else print(map_text(answer))
    return DONE


def _paths(options: argparse.Namespace) -> int:
    from wherefrom import lineage
    from wherefrom.answers import paths_answer
    from wherefrom.drawing import paths_text
    from wherefrom.narrowing import trace

    kb = _open(options)
    start, end = kb.iri(options.start), kb.iri(options.end)
    lineage.check_known(kb.store, [end])
    graph = trace(kb.store, [start], "grounds", options.policy, nodes=kb.settings.lineage_nodes)
    answer = paths_answer(graph, start, end, 10, kb.settings.base)
    _show_json(answer) if options.json else print(paths_text(answer))
    return DONE


def _citations(options: argparse.Namespace) -> int:
    from wherefrom.citations import citations_answer
    from wherefrom.drawing import citations_text

    kb = _open(options)
    thing = kb.iri(options.thing) if options.thing else None
    limit = kb.settings.lineage_nodes
    answer = citations_answer(kb.store, kb.settings.base, thing, options.policy, options.stance, limit)
    _show_json(answer) if options.json else print(citations_text(answer))
    return DONE


def _find(options: argparse.Namespace) -> int:
    from wherefrom.drawing import found_text

    answer = _open(options).index.search(" ".join(options.words), options.type, options.page)
    _show_json(answer) if options.json else print(found_text(answer))
    return DONE


def _stats(options: argparse.Namespace) -> int:
    from wherefrom.answers import stats_answer

    kb = _open(options)
    answer = stats_answer(kb.store, kb.settings.base)
    if options.json:
        _show_json(answer)
    else:
        for name, count in answer.items():
            print(f"{count:>8,}  {name}")
    return DONE


def _export(options: argparse.Namespace) -> int:
    from wherefrom.export import export, select
    from wherefrom.problems import UnwritableOutput

    if options.format == "site":
        return _export_site(options)
    kb = _open(options)
    if options.format in REFERENCES:
        content = _references(options, kb)
    else:
        quads = select(kb.quads(), kb.settings.base, [kb.iri(thing) for thing in options.things], options.graph)
        content = export(quads, options.format, kb.settings.base)
    if options.output:
        try:
            Path(options.output).write_bytes(content)
        except OSError as error:
            raise UnwritableOutput(f"{options.output} cannot be written: {error.strerror}.") from error
    else:
        sys.stdout.buffer.write(content)
    return DONE


def _export_site(options: argparse.Namespace) -> int:
    from wherefrom.build import home
    from wherefrom.settings import read_settings
    from wherefrom.web.static_site import export_site

    if options.things or options.graph or not options.output:
        raise BadParameter("A site is a folder of all pages: name it with -o, and neither things nor a graph.")
    folder = _folder(options)
    build = _build_at(folder, home(folder) / "store")
    number = export_site(folder, build, read_settings(folder), Path(options.output), _say)
    _say(f"{number:,} files in {options.output}; open its index.html by any web server.")
    return DONE


def _references(options: argparse.Namespace, kb: OpenKnowledgeBase) -> bytes:
    """Return the whole bibliography, or the publications of things, as a file of references."""
    from wherefrom.bibliography import FORMS

    if options.graph:
        raise BadParameter(
            f"--graph goes with the formats of graphs, not with {options.format}: name things, or nothing for all publications."
        )
    return FORMS[options.format].write(kb.references(*options.things)).encode()


def _locate(options: argparse.Namespace) -> int:
    from wherefrom.passages import locate, read_document

    place = locate(read_document(_document(options)), options.wanted)
    if options.json:
        _show_json({"start": place.start, "end": place.end, "digest": place.digest, "snapshot": place.document.sha256})
    else:
        print(place.turtle(), end="")
    return DONE


def _document(options: argparse.Namespace) -> Path:
    """Return the file named, or the one of that name in the folder `sources` of the knowledge base."""
    from wherefrom.problems import UnknownDocument
    from wherefrom.settings import read_settings

    named = Path(options.document)
    if named.exists():
        return named
    folder = _folder(options)
    sources = read_settings(folder).sources
    if not sources:
        raise UnknownDocument(f"{named.name} is no file here, and `sources` in wherefrom.toml is not set: there is no folder to look in.")
    kept = (folder / sources / options.document, folder / sources / f"{options.document}.txt")
    return next((path for path in kept if path.is_file()), named)


def _verify_sources(options: argparse.Namespace) -> int:
    from wherefrom.passages import verify
    from wherefrom.report import render

    report, checked = verify(_open(options).files, Path(options.folder))
    if report.results or options.json:
        print(render(report, "json" if options.json else "text"))
    _say(f"{checked} passages checked, {len(report.results)} do not agree")
    return DONE if report.conforms else FINDINGS


def _check_retractions(options: argparse.Namespace) -> int:
    from wherefrom.retractions import check_retractions, publications, read_retractions, retractions_answer, retractions_text

    kb = _open(options)
    check = check_retractions(read_retractions(Path(options.file)), publications(kb.store))
    answer = retractions_answer(check, kb.settings.base)
    _show_json(answer) if options.json else print(retractions_text(answer))
    return FINDINGS if check.hits else DONE


def _ingest(options: argparse.Namespace) -> int:
    from wherefrom.ingest import drafts
    from wherefrom.load import read_knowledge_base
    from wherefrom.report import Report, render
    from wherefrom.settings import FILE

    folder = _to_write_into(options)
    base = read_knowledge_base(folder) if (folder / FILE).is_file() else None
    files, report = _network(options, base)
    if options.write and report.conforms and base:
        checked = drafts.check_in(base, files)
        if not checked.conforms:  # what the base says anyhow is not told here
            report = Report((*report.results, *checked.results))
    if report.results:
        _say(render(report, "text"))
    if not report.conforms:
        _say(f"{report.summary()}. Nothing {'was' if options.write else 'would be'} written.")
        return FINDINGS
    if not options.write:
        print(drafts.difference(files, folder), end="")
    _say(f"{report.summary()}. {drafts.summary(files, folder)}")
    if options.write:
        drafts.write(files, folder)
    else:
        _say("Nothing was written; add --write to write it.")
    return DONE


def _network(options: argparse.Namespace, base: KnowledgeBase | None) -> tuple[dict[str, str], Report]:
    from wherefrom.ingest.network import known, network
    from wherefrom.ingest.network_map import read_map

    if not options.map:
        raise BadParameter("The template network needs --map FILE.toml, which says who published the tables.")
    settings = read_map(Path(options.map).name, _bytes(Path(options.map)))
    if base and settings.base not in ("", base.settings.base):
        raise BadParameter(f"The map has the base {settings.base}, the knowledge base {base.settings.base}.")
    contents = {Path(file).name: _bytes(Path(file)) for file in options.files}
    if len(contents) < len(options.files):
        raise BadParameter("Two files have one name; reports and passages tell them apart by their names.")
    return network(contents, settings, *([known(base, settings.file)] if base else []))


def _to_write_into(options: argparse.Namespace) -> Path:
    """Return the folder that a draft goes to: never the example that comes with the program, unless it is named."""
    from wherefrom.settings import FILE

    named = options.into or options.kb
    if named or Path(FILE).is_file():
        return Path(named or ".")
    raise BadParameter("There is no knowledge base here: name one with --kb, or a folder with --into.")


def _bytes(path: Path) -> bytes:
    from wherefrom.problems import UnreadableInput

    try:
        return path.read_bytes()
    except OSError as error:
        raise UnreadableInput(f"{path.name} cannot be read: {error.strerror}.") from error

"""What pages for people show, made from the store: no HTTP in here, and no markup outside the templates."""

from wherefrom.pages.asking import Asking
from wherefrom.pages.comparison import Comparison, comparison
from wherefrom.pages.kinds import own
from wherefrom.pages.lists import Listing, kinds_of_things, listing
from wherefrom.pages.rendering import render
from wherefrom.pages.rules import Rule, rules
from wherefrom.pages.shown import Group, Names, Shown, address
from wherefrom.pages.terms import vocabulary
from wherefrom.pages.thing import TRACED, WITHDRAWABLE, Page, describe, page

__all__ = [
    "TRACED", "WITHDRAWABLE", "Asking", "Comparison", "Group", "Listing", "Names", "Page", "Rule", "Shown", "address", "comparison",
    "describe", "kinds_of_things", "listing", "own", "page", "render", "rules", "vocabulary",
]  # fmt: skip

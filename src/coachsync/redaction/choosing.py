"""Which appointments a share is made from: by the coach's categories and by whose they are. In doubt, fewer."""

from __future__ import annotations

from coachsync.model import Choice, Traits


def is_chosen(traits: Traits, clients: Choice, categories: Choice, *, sure_only: bool = False) -> bool:
    """Whether a share may be made from an appointment; `clients` by client codes, `categories` folded.

    Where clients are chosen, or `sure_only`, it must be sure whose it is; and nobody whom it might concern may be
    among those who are left out.
    """
    return _by_client(traits, clients, sure_only=sure_only) and _by_category(traits, categories)


def _by_client(traits: Traits, clients: Choice, *, sure_only: bool) -> bool:
    whose = traits.whose
    if whose.candidates & clients.without or whose.client in clients.without:
        return False
    if clients.only is not None:
        return whose.client in clients.only
    return whose.client is not None or not sure_only


def _by_category(traits: Traits, categories: Choice) -> bool:
    if traits.categories & categories.without:
        return False
    return categories.only is None or bool(traits.categories & categories.only)

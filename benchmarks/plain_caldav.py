"""python-caldav used the obvious way, for comparison.

plain_caldav.py TASK URL STATE [--target URL] [--source PATH]

initial   calendar.get_events(), the text of each
remember  the sync token that the polls start from
poll      objects_by_sync_token() with the token from before
changes   the same, loading what changed
push      event_by_url() for each line of the source, load(), another title, save()
publish   make the target, then add_event() for each file of the source
"""

from __future__ import annotations

import argparse
import json
import warnings
from pathlib import Path

import caldav
import edit


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("task", choices=("initial", "remember", "poll", "changes", "push", "publish"))
    options.add_argument("url")
    options.add_argument("state", type=Path)
    options.add_argument("--target", default="")
    options.add_argument("--source", type=Path)
    given = options.parse_args()
    warnings.simplefilter("ignore")
    client = caldav.DAVClient(url=given.url)
    calendar = client.calendar(url=given.url)
    if given.task == "initial":
        done = len([event.data for event in calendar.get_events()])
    elif given.task == "remember":
        seen = calendar.get_objects_by_sync_token(load_objects=False, disable_fallback=True)
        given.state.write_text(json.dumps({"token": seen.sync_token}))
        done = len(list(seen))
    elif given.task == "push":
        places = given.source.read_text(encoding="utf-8").split()
        for place in places:
            event = calendar.event_by_url(place)
            event.load()
            event.data = edit.changed(event.data)
            event.save()
        done = len(places)
    elif given.task == "publish":
        client.mkcalendar(given.target)
        target, files = client.calendar(url=given.target), sorted(given.source.iterdir())
        for file in files:
            target.add_event(file.read_text(encoding="utf-8"))
        done = len(files)
    else:
        token = json.loads(given.state.read_text())["token"]
        changed = calendar.get_objects_by_sync_token(
            sync_token=token, load_objects=given.task == "changes", disable_fallback=True
        )
        given.state.write_text(json.dumps({"token": changed.sync_token}))
        done = len(list(changed))
    print(json.dumps({"done": done}))


if __name__ == "__main__":
    main()

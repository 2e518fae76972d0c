"""Click's own words, which it looks up in our catalogue: listed here so that they are extracted with ours.

A test compares them with those of the installed version. Nothing imports this module.
"""

from __future__ import annotations


def click_says(pattern: str) -> str:
    """A sentence as it stands in click's source."""
    return pattern


def click_counts(one: str, many: str) -> tuple[str, str]:
    """A sentence of click's about a number of things."""
    return one, many


USAGE = (click_says("[OPTIONS]"), click_says("COMMAND [ARGS]..."))  # what click shows untranslated: see `help`
WORDS = (
    click_says("Usage:"),
    click_says("Options"),
    click_says("Positional arguments"),
    click_says("Commands"),
    click_says("deprecated"),
    click_says("required"),
    click_says("(dynamic)"),
    click_says("default: {default}"),
    click_says("env var: {var}"),
    click_says("Show this message and exit."),
    click_says("Show the version and exit."),
    click_says("%(prog)s, version %(version)s"),
    click_says("Error: {message}"),
    click_says("Try '{command} {option}' for help."),
    click_says("Missing command."),
    click_says("Missing argument"),
    click_says("Missing option"),
    click_says("Missing parameter"),
    click_says("Missing parameter: {param_name}"),
    click_says("No such command {name!r}."),
    click_says("No such option {name!r}."),
    click_counts("Did you mean {possibility}?", "(Did you mean one of: {possibilities}?)"),
    click_counts("Got unexpected extra argument ({args})", "Got unexpected extra arguments ({args})"),
    click_counts("Option {name!r} requires an argument.", "Option {name!r} requires {nargs} arguments."),
    click_says("Option {name!r} does not take a value."),
    click_says("Argument {name!r} takes {nargs} values."),
    click_says("Invalid value: {message}"),
    click_says("Invalid value for {param_hint}: {message}"),
    click_says("{value!r} is not a valid {number_type}."),
    click_says("{value} is not in the range {range}."),
    click_says("{value!r} is not a valid boolean. Recognized values: {states}"),
    click_counts("{value!r} is not {choice}.", "{value!r} is not one of {choices}."),
    click_counts("{value!r} does not match the format {format}.", "{value!r} does not match the formats {formats}."),
    click_says("Choose from:\n\t{choices}"),
    click_says("file"),
    click_says("directory"),
    click_says("path"),
    click_says("{name} {filename!r} does not exist."),
    click_says("{name} {filename!r} is a file."),
    click_says("{name} {filename!r} is a directory."),
    click_says("{name} {filename!r} is not readable."),
    click_says("{name} {filename!r} is not writable."),
    click_says("{name} {filename!r} is not executable."),
    click_says("Could not open file {filename!r}: {message}"),
    click_says("unknown error"),
    click_says("Aborted!"),
    click_says("Do you want to continue?"),
    click_says("Confirm the action without prompting."),
    click_says("Repeat for confirmation"),
    click_says("Error: The two entered values do not match."),
    click_says("Error: invalid input"),
    click_says("Press any key to continue..."),
    click_says("{editor}: Editing failed"),
    click_says("{editor}: Editing failed: {e}"),
)

"""The program `dbconsole`: signals and errors are taken care of before anything else is imported."""


def main() -> None:
    """Runs dbconsole with the process's arguments, and ends the process."""
    import _signal  # type: ignore[import-not-found]  # `signal` takes milliseconds, in which Ctrl-C were a traceback

    if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
        _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
    from console import ending

    ending.take_signals()
    from console import log

    log.keep()
    status = 2
    try:
        from console import cli

        status = cli.main()
    except BaseException as error:
        log.failed(error)
        log.say()
    ending.finish(status)


if __name__ == "__main__":
    main()

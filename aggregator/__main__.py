"""``python -m aggregator`` is the command ``aggregator``."""

if __name__ == "__main__":
    # Not above: worker processes load this file, and have no use for the command line.
    from aggregator.cli import main

    main()

# The commands and the console in a container. State, cache, settings and logs are in /data:
#
#   docker build -t hubsoft-tui .
#   docker run --init --rm -it -v hubsoft:/data hubsoft-tui                        the console
#   docker run --rm -v hubsoft:/data --env-file provider.env hubsoft-tui lookup 862.149.410-81
#   docker run --rm -it hubsoft-tui --demo                                         without a HubSoft
#
# With --read-only it needs a --tmpfs /tmp too, for the demo and for trying a new profile. Another user has a folder
# of their own for what is kept: --user 1000 -v /srv/hubsoft:/data

FROM python:3.13-slim AS built
WORKDIR /source
COPY . .
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --constraint constraints.txt '.[metrics,shared]' \
    && /venv/bin/pip uninstall --yes --quiet pip \
    && /venv/bin/python -m compileall -q /venv

FROM python:3.13-slim
COPY --from=built /venv /venv
# Debian has a group named operator already.
RUN useradd --create-home --uid 10001 console && install -d -m 0700 -o console /data
USER console
ENV PATH=/venv/bin:$PATH HUBSOFT_TUI_HOME=/data LANG=C.UTF-8 TERM=xterm-256color
VOLUME /data
ENTRYPOINT ["hubsoft-tui"]

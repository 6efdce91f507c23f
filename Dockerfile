# Builds the server with TLS to PostgreSQL and puts it, alone, into a small image that runs as nobody in particular.
FROM rust:1.95-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends libssl-dev pkg-config && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY Cargo.toml Cargo.lock ./
COPY src src
COPY content content
COPY migrations migrations
COPY openapi openapi
ENV OPENSSL_STATIC=1
RUN cargo build --locked --profile dist --bin rejoinder --no-default-features --features pg-tls && mkdir /data

FROM debian:bookworm-slim
RUN useradd --system --uid 10001 --no-create-home rejoinder
COPY --from=build /build/target/dist/rejoinder /usr/local/bin/rejoinder
COPY --from=build --chown=rejoinder:rejoinder /data /data
USER rejoinder
VOLUME /data
EXPOSE 8080
ENV REJOINDER_DATA_DIR=/data REJOINDER_LISTEN=0.0.0.0:8080 REJOINDER_BEHIND_PROXY=true REJOINDER_LOG_JSON=true
ENTRYPOINT ["/usr/local/bin/rejoinder"]
CMD ["serve"]

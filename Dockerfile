# Builds the server with TLS to PostgreSQL and puts it into an image that holds nothing else: no shell, no package manager, no root.
FROM rust:1.95-bookworm AS build
WORKDIR /build
COPY Cargo.toml Cargo.lock LICENSE ./
COPY src src
COPY benches benches
COPY content content
COPY migrations migrations
COPY openapi openapi
COPY container container
RUN container/build /image

FROM scratch
COPY --from=build /image /
USER 10001:10001
ENV PATH=/usr/local/bin REJOINDER_DATA_DIR=/data REJOINDER_LISTEN=0.0.0.0:8080 REJOINDER_BEHIND_PROXY=true REJOINDER_LOG_JSON=true
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=15s --timeout=10s --start-period=30s CMD ["rejoinder", "health"]
ENTRYPOINT ["rejoinder"]
CMD ["serve"]

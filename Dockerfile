# An image of one service:  docker build --build-arg SERVICE=IssueService -t firstcome/issue-service .
# SERVICE is a project's name: Gateway, Web, UserService, CouponService, IssueService, IssueWorker, CacheService, ConfigServer, DiscoveryServer.
# All of them are built together, and SERVICE only picks what the last stage takes: nine images are built once, and share their lower layers.

# What a restore depends on and nothing else, so that a change of code does not repeat it.
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS projects
WORKDIR /source
COPY src src
RUN find src -type f ! -name '*.csproj' ! -name packages.lock.json -delete \
 && find src -type d -empty -delete

FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
COPY global.json Directory.Build.props Directory.Packages.props ./
COPY containers/services.proj containers/
COPY --from=projects /source/src src
RUN dotnet restore containers/services.proj --locked-mode
COPY src src
# The analysers ran before: here only the result counts.
RUN dotnet msbuild containers/services.proj -t:PublishServices -m -v:quiet -p:Configuration=Release -p:UseAppHost=false \
      -p:RunAnalyzers=false -p:EnforceCodeStyleInBuild=false -p:PublishDocumentationFiles=false -p:PublishReferencesDocumentationFiles=false
# Packages bring their native libraries for every platform; the image needs those of its own.
ARG TARGETARCH
RUN set -e; case "${TARGETARCH:-$(dpkg --print-architecture)}" in amd64) own=linux-x64 ;; arm64) own=linux-arm64 ;; *) own=linux ;; esac; \
    find artifacts/publish -mindepth 4 -maxdepth 4 -path '*/runtimes/*' ! -name "$own" ! -name linux ! -name unix -exec rm -rf {} +; \
    mkdir -p /state/settings && mkdir -m 700 /state/keys

FROM mcr.microsoft.com/dotnet/aspnet:10.0
ARG SERVICE
WORKDIR /app
# What is kept between two starts, where volumes are mounted: a volume that is new takes its owner from here.
COPY --from=build --chown=$APP_UID:$APP_UID /state /var/lib/firstcome
COPY --chmod=755 containers/healthy ./
# The settings from which ConfigServer makes its repository at the first start.
COPY config-repo config-repo
COPY --from=build /source/artifacts/publish/${SERVICE}/release ./
ENV SERVICE=${SERVICE} ASPNETCORE_HTTP_PORTS= Service__Url=http://0.0.0.0:8080
USER $APP_UID
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --retries=3 --start-period=60s --start-interval=1s CMD ["/app/healthy"]
ENTRYPOINT ["/bin/sh", "-c", "exec dotnet \"/app/FirstCome.$SERVICE.dll\" \"$@\"", "--"]

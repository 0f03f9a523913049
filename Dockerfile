# syntax=docker/dockerfile:1
# Bases are named by tag, so that every build takes their latest security fixes. Whoever wants builds that repeat pins digests and has a bot
# (Dependabot, Renovate) raise them: a digest that nobody raises keeps yesterday's holes.
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
# Packages are restored before the sources come in, so that a change of code does not restore them again.
COPY global.json Directory.Build.props Directory.Packages.props .editorconfig ./
COPY src/Directory.Build.props src/
COPY src/RnnService.Engine/RnnService.Engine.csproj src/RnnService.Engine/
COPY src/RnnService.Audio/RnnService.Audio.csproj src/RnnService.Audio/
COPY src/RnnService.Onnx/RnnService.Onnx.csproj src/RnnService.Onnx/
COPY src/RnnService.AspNetCore/RnnService.AspNetCore.csproj src/RnnService.AspNetCore/
COPY src/RnnService.Server/RnnService.Server.csproj src/RnnService.Server/Runtime.props src/RnnService.Server/
# For this machine alone: ONNX Runtime comes in native code for seven of them.
RUN dotnet restore src/RnnService.Server --use-current-runtime
COPY src/RnnService.Engine src/RnnService.Engine
COPY src/RnnService.Audio src/RnnService.Audio
COPY src/RnnService.Onnx src/RnnService.Onnx
COPY src/RnnService.AspNetCore src/RnnService.AspNetCore
COPY src/RnnService.Server src/RnnService.Server
# Of the XML documentation only the server's own is read, for the OpenAPI document; ONNX Runtime's package adds its code for Windows everywhere.
RUN dotnet publish src/RnnService.Server -c Release --use-current-runtime --self-contained false --no-restore -o /app \
      -p:UseAppHost=false -p:DebugType=none -p:PublishReferencesDocumentationFiles=false \
 && rm -f /app/onnxruntime.dll /app/onnxruntime_providers_shared.dll
# What the packages themselves say about their licences and those of what they hold.
COPY LICENSE THIRD-PARTY-NOTICES.md /app/licenses/
RUN cd /root/.nuget/packages \
 && find . -mindepth 3 -maxdepth 3 -type f \( -iname '*license*' -o -iname '*notice*' \) \
 | while read -r file; do cp "$file" "/app/licenses/$(echo "${file#./}" | tr '/' '-')"; done

# Without shell or package manager, as a user without rights. It has what ONNX Runtime asks for beside .NET: libstdc++ and libgcc.
FROM mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled
WORKDIR /app
COPY --from=build /app ./
COPY models ./models
# 8080 for clients; 8081 for probes and metrics alone, which answers when clients have taken every connection.
ENV ASPNETCORE_HTTP_PORTS=8080 Rnn__Http__ProbePort=8081 DOTNET_EnableDiagnostics=0
EXPOSE 8080 8081
USER $APP_UID
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["dotnet", "/app/RnnService.Server.dll", "--health"]
ENTRYPOINT ["dotnet", "/app/RnnService.Server.dll"]

# syntax=docker/dockerfile:1
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
# Packages are restored before the sources come in, so that a change of code does not restore them again.
COPY global.json Directory.Build.props Directory.Packages.props .editorconfig ./
COPY src/RnnService.Engine/RnnService.Engine.csproj src/RnnService.Engine/
COPY src/RnnService.Onnx/RnnService.Onnx.csproj src/RnnService.Onnx/
COPY src/RnnService.Server/RnnService.Server.csproj src/RnnService.Server/
# For this machine alone: ONNX Runtime comes in native code for seven of them.
RUN dotnet restore src/RnnService.Server --use-current-runtime
COPY src/RnnService.Engine src/RnnService.Engine
COPY src/RnnService.Onnx src/RnnService.Onnx
COPY src/RnnService.Server src/RnnService.Server
RUN dotnet publish src/RnnService.Server -c Release --use-current-runtime --self-contained false --no-restore -o /app -p:UseAppHost=false -p:DebugType=none

FROM mcr.microsoft.com/dotnet/aspnet:10.0
WORKDIR /app
COPY --from=build /app ./
COPY models ./models
ENV ASPNETCORE_HTTP_PORTS=8080 DOTNET_EnableDiagnostics=0
EXPOSE 8080
USER $APP_UID
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["dotnet", "/app/RnnService.Server.dll", "--health"]
ENTRYPOINT ["dotnet", "/app/RnnService.Server.dll"]

using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Connections;
using RnnService.Server.Options;

namespace RnnService.Server.Hosting;

/// <summary>What keeps the service from starting, in a sentence without a trace: the settings are wrong, or the address cannot be had.</summary>
internal static class StartFault
{
    private const int AddressCode = 1, SettingsCode = 2;
    private const string Certificates = "expected Kestrel__Certificates__Default__Path and, as the file needs, __KeyPath or __Password";

    /// <returns>The exit code and the sentence; null for a fault of the service, which is shown with its trace.</returns>
    public static (int Code, string Sentence)? Of(Exception exception)
    {
        string message = Sentence(exception.Message);
        return exception switch
        {
            OptionsException => (SettingsCode, exception.Message),
            // Before the others, as it derives from one of them.
            AddressInUseException or SocketException or IOException { InnerException: AddressInUseException or SocketException } =>
                (AddressCode, $"{message}; expected a free address that this user may listen at: set ASPNETCORE_URLS, as in http://localhost:8081"),
            InvalidDataException => (SettingsCode, $"{message} ({Sentence((exception.InnerException?.InnerException ?? exception.InnerException)?.Message ?? "")}); expected JSON"),
            CryptographicException => (SettingsCode, $"the certificate cannot be used ({message}); {Certificates}"),
            IOException or UnauthorizedAccessException => (SettingsCode, $"{message}; expected a file that is there and may be read"),
            InvalidOperationException when message.Contains("certificate", StringComparison.OrdinalIgnoreCase) =>
                (SettingsCode, $"an address is https and there is no certificate for it; {Certificates}, or http"),
            InvalidOperationException or FormatException or ArgumentException or NotSupportedException =>
                (SettingsCode, $"the configuration cannot be used: {message}"),
            _ => null,
        };
    }

    /// <summary>The first line, without its full stop.</summary>
    private static string Sentence(string message) => message.Split('\n', 2)[0].Trim().TrimEnd('.');
}

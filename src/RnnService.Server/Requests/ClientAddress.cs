using System.Net;
using System.Net.Sockets;

namespace RnnService.Server.Requests;

/// <summary>Whose requests are counted together, so that one of them cannot take everything.</summary>
internal static class ClientAddress
{
    /// <summary>
    /// Who asks: an address. Behind a proxy that is the proxy's, unless <see cref="Options.HttpOptions.Proxies"/> names it: then it is whom the
    /// proxy asks for.
    /// </summary>
    public static string Of(HttpContext context) => Of(context.Connection.RemoteIpAddress);

    /// <summary>The address; of IPv6 the network, 64 bits, as a single machine has all addresses of it.</summary>
    internal static string Of(IPAddress? address)
    {
        if (address is null) return "";
        if (address.IsIPv4MappedToIPv6) return address.MapToIPv4().ToString();
        if (address.AddressFamily != AddressFamily.InterNetworkV6) return address.ToString();
        byte[] network = address.GetAddressBytes();
        network.AsSpan(8).Clear();
        return new IPAddress(network).ToString();
    }
}

using System.Net;
using System.Net.Sockets;
using Deployments.Data.Feeds;
using Deployments.Web.Feeds;
using FluentValidation;

namespace Deployments.Web.Pages.Feeds;

/// <summary>What a connector must be like, whether it comes from the page or from the API.</summary>
public sealed class ConnectorValidator : AbstractValidator<ConnectorFields>
{
    // Where cloud machines hand out their own credentials, beyond the link-local addresses. What a host name leads to
    // is checked when it is connected to.
    static readonly string[] MetadataHosts =
    [
        "metadata.google.internal", "100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254",
    ];

    /// <summary>The rules.</summary>
    public ConnectorValidator(FeedTypeCatalog types)
    {
        RuleFor(connector => connector.Name)
            .Must(name =>
                name.Length is >= 1 and <= 100 && name == name.Trim()
                && !name.Any(c => char.IsControl(c) || c is '/' or '\\'))
            .WithMessage("must be 1 to 100 characters without slashes");
        RuleFor(connector => connector.FeedType).Must(type => types.FindOrNull(type) is not null)
            .WithMessage("is not a known feed type");
        RuleFor(connector => connector.Url).Custom((url, context) =>
        {
            if (UrlProblemOrNull(url) is { } problem)
                context.AddFailure(problem);
        });
        RuleFor(connector => connector.TimeoutSeconds).InclusiveBetween(1, 3600)
            .WithMessage("must be 1 to 3600 seconds");
        RuleFor(connector => connector.Username).MaximumLength(200)
            .WithMessage("must not be longer than 200 characters");
        RuleFor(connector => connector.Properties).MaximumLength(FeedValidator.PropertiesLengthMax)
            .WithMessage("are too long");
    }

    /// <summary>
    /// Whether a stored password may go on being used after a change: it must not be led to another server by someone
    /// who could not read it.
    /// </summary>
    public static bool MayKeepPassword(ConnectorFields before, ConnectorFields after) =>
        before.PasswordEncrypted is null || after.PasswordEncrypted != before.PasswordEncrypted
        || (Uri.TryCreate(before.Url, UriKind.Absolute, out var old)
            && Uri.TryCreate(after.Url, UriKind.Absolute, out var now)
            && old.GetLeftPart(UriPartial.Authority) == now.GetLeftPart(UriPartial.Authority));

    static string? UrlProblemOrNull(string? text)
    {
        if (text is null || text.Length > 2000 || text.Any(c => char.IsControl(c) || c == ' ')
            || !Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
            return "must be an absolute http or https address";
        if (url.UserInfo.Length > 0)
            return "must not contain a user name or password; give them separately";
        if (url.Fragment.Length > 0 || text.Contains('#', StringComparison.Ordinal))
            return "must not contain a fragment";
        var host = url.IdnHost.TrimEnd('.');
        if (MetadataHosts.Contains(host, StringComparer.OrdinalIgnoreCase))
            return "must not be a cloud machine's metadata service";
        return IPAddress.TryParse(host, out var address) && IsSpecial(address)
            ? "must not be a link-local, metadata or special address"
            : null;
    }

    static bool IsSpecial(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        if (address.AddressFamily == AddressFamily.InterNetworkV6)
            return address.IsIPv6LinkLocal || address.IsIPv6Multicast || address.Equals(IPAddress.IPv6Any)
                || MetadataHosts.Contains(address.ToString(), StringComparer.OrdinalIgnoreCase);
        var bytes = address.GetAddressBytes();
        return bytes is [169, 254, _, _] or [0, _, _, _] or [>= 224, _, _, _]
            || MetadataHosts.Contains(address.ToString(), StringComparer.Ordinal);
    }
}

using Deployments.Web.Vulnerabilities;

namespace Deployments.Web.Pages.Vulnerabilities;

/// <summary>A package that may be assessed by itself, as recorded.</summary>
/// <param name="Type">Package URL type.</param>
/// <param name="Group">The group; empty when there is none.</param>
/// <param name="Name">The name.</param>
public sealed record AssessedPackage(string Type, string Group, string Name);

/// <summary>The form that assesses a vulnerability, as a browser sends it.</summary>
public sealed record AssessmentForm
{
    /// <summary>The package as <see cref="Write"/> has it; blank for every package.</summary>
    public string? Package { get; init; }

    /// <summary>The target; blank for every target.</summary>
    public string? Target { get; init; }

    /// <summary>The state's name.</summary>
    public string? State { get; init; }

    /// <summary>One of OpenVEX's justifications, or blank.</summary>
    public string? Justification { get; init; }

    /// <summary>Why.</summary>
    public string? Reason { get; init; }

    /// <summary>A day, or blank.</summary>
    public string? ExpiresAt { get; init; }

    /// <summary>A package as one text: its parts escaped, with slashes between.</summary>
    public static string Write(AssessedPackage package)
    {
        ArgumentNullException.ThrowIfNull(package);
        return string.Join('/', new[] { package.Type, package.Group, package.Name }.Select(Uri.EscapeDataString));
    }

    /// <summary>The fields, trimmed. What is no package that <see cref="Write"/> wrote stays without a type.</summary>
    public AssessmentFields ToFields()
    {
        string?[] parts = Package is { Length: > 0 } package
            ? [.. package.Split('/').Select(Uri.UnescapeDataString)]
            : [null, null, null];
        return new AssessmentFields
        {
            Type = parts.Length == 3 ? parts[0] : null,
            Group = parts.Length == 3 ? parts[1] : null,
            Name = parts.Length == 3 ? parts[2] : Package,
            Target = Target,
            State = State,
            Justification = Justification,
            Reason = Reason,
            ExpiresAt = ExpiresAt,
        }.Trimmed();
    }
}

using System.Text;
using Deployments.Web.Feeds;
using FluentValidation;

namespace Deployments.Web.Records;

/// <summary>
/// How long a package's coordinates may be, by whatever road they come: what is accepted here, the tables and their
/// indexes take. Pure.
/// </summary>
static class CoordinateLimits
{
    /// <summary>Longest group, name, version or qualifier, in characters.</summary>
    public const int LengthMax = 500;

    /// <summary>
    /// Longest group and name, or version and qualifier, as they are compared, in bytes of UTF-8. Each pair is one
    /// entry of a unique index, of which PostgreSQL holds 2,704 bytes.
    /// </summary>
    public const int KeyBytesMax = 2000;

    /// <summary>A coordinate that somebody types or sends.</summary>
    public static IRuleBuilderOptions<T, string?> Coordinate<T>(this IRuleBuilder<T, string?> rule) => rule
        .Must(text => text is null || text.Length <= LengthMax)
        .WithMessage($"is longer than {LengthMax} characters")
        .Must(text => text is null || !DeploymentRules.HasControlCharacters(text))
        .WithMessage("has control characters");

    /// <summary>
    /// What is wrong with a package's coordinates: which (<c>Group</c>, <c>Name</c>, <c>Version</c>,
    /// <c>Qualifier</c>), and a sentence without that subject. Null when nothing is.
    /// </summary>
    public static (string Which, string Problem)? ProblemOrNull(IFeedType type, PackageCoordinates package)
    {
        foreach (var (which, text) in ((string, string)[])[
            ("Group", package.Group), ("Name", package.Name), ("Version", package.Version),
            ("Qualifier", package.Qualifier)])
        {
            if (text.Length > LengthMax)
                return (which, $"is longer than {LengthMax} characters");
            if (DeploymentRules.HasControlCharacters(text))
                return (which, "has control characters");
        }

        var keys = type.Normalize(package);
        return Bytes(keys.Group, keys.Name) > KeyBytesMax || Bytes(package.Group, package.Name) > KeyBytesMax
            ? ("Name", $"is longer, with its group, than {KeyBytesMax} bytes of UTF-8")
            : Bytes(keys.Version, package.Qualifier) > KeyBytesMax
            ? ("Version", $"is longer, with its qualifier, than {KeyBytesMax} bytes of UTF-8")
            : null;
    }

    /// <summary>
    /// A coordinate as it is kept of a record that is refused: short enough to be kept, too long to be taken for a
    /// whole one, and with nothing in it that is no text.
    /// </summary>
    public static string Excerpt(string text)
    {
        if (text.Length <= LengthMax && !DeploymentRules.HasControlCharacters(text))
            return text;
        var excerpt = new StringBuilder();
        foreach (var rune in text.EnumerateRunes()) // half a surrogate pair comes as U+FFFD
        {
            if (excerpt.Length > LengthMax)
                break;
            excerpt.Append(Rune.IsControl(rune) ? Rune.ReplacementChar : rune);
        }

        return excerpt.ToString();
    }

    static int Bytes(string one, string other) =>
        Encoding.UTF8.GetByteCount(one) + Encoding.UTF8.GetByteCount(other);
}

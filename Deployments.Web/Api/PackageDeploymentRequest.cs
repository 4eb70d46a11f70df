using System.Text.Json;
using Deployments.Web.Records;
using FluentValidation;
using Microsoft.AspNetCore.WebUtilities;

namespace Deployments.Web.Api;

/// <summary>What a tool posts to the Package Deployment API: a deployment and the package it is of.</summary>
public sealed record PackageDeploymentRequest : DeploymentFields
{
    /// <summary>The feed the package is in; required.</summary>
    public string? FeedName { get; init; }

    /// <summary>Group, scope or namespace; null or empty when the package has none.</summary>
    public string? GroupName { get; init; }

    /// <summary>The package; required.</summary>
    public string? PackageName { get; init; }

    /// <summary>Its version; required.</summary>
    public string? Version { get; init; }

    /// <summary>An API key given in the body; null when it is given elsewhere.</summary>
    public string? Key { get; init; }

    /// <summary>Reads a body: a JSON object, or a form (also when no content type says which).</summary>
    /// <exception cref="FormatException">It is neither; the message says what is wrong.</exception>
    public static PackageDeploymentRequest Parse(string body, bool isJson)
    {
        body = body.TrimStart('\ufeff'); // Windows tools begin files with a byte order mark
        if (!isJson && !body.TrimStart().StartsWith('{'))
        {
            var form = QueryHelpers.ParseQuery(body);
            return From(name => Single(
                form.Where(pair => Is(pair.Key, name)).SelectMany(pair => pair.Value.ToArray()), name));
        }

        try
        {
            using var document = JsonDocument.Parse(body);
            return From(document.RootElement);
        }
        catch (JsonException exception)
        {
            throw new FormatException($"The body is not valid JSON: {exception.Message}", exception);
        }
    }

    /// <summary>Reads a JSON object, property names in any letter case.</summary>
    /// <exception cref="FormatException">It is no object, or a property is not text.</exception>
    public static PackageDeploymentRequest From(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object)
            throw new FormatException("A JSON object is expected.");
        var properties = new List<(string Name, JsonElement Value)>();
        try
        {
            properties.AddRange(json.EnumerateObject().Select(property => (property.Name, property.Value)));
        }
        catch (InvalidOperationException exception)
        {
            throw new FormatException("A property's name is not Unicode text.", exception);
        }

        return From(name => Single(
            properties.Where(property => Is(property.Name, name)).Select(property => TextOf(property.Value, name)),
            name));
    }

    static PackageDeploymentRequest From(Func<string, string?> value) =>
        (PackageDeploymentRequest)new PackageDeploymentRequest
        {
            Application = value("Application"),
            Description = value("Description"),
            Target = value("Target"),
            Url = value("Url"),
            UserName = value("UserName"),
            Date = value("Date"),
            FeedName = value("FeedName")?.Trim(),
            GroupName = value("GroupName")?.Trim(),
            PackageName = value("PackageName")?.Trim(),
            Version = value("Version")?.Trim(),
            Key = value("Key") ?? value("ApiKey") ?? value("API_Key"),
        }.Trimmed();

    static bool Is(string given, string name) => given.Equals(name, StringComparison.OrdinalIgnoreCase);

    static string? Single(IEnumerable<string?> values, string name)
    {
        var given = values.ToList();
        return given.Count <= 1
            ? given.SingleOrDefault()
            : throw new FormatException($"{name}: is given {given.Count} times");
    }

    static string? TextOf(JsonElement value, string name)
    {
        try
        {
            return value.ValueKind switch
            {
                JsonValueKind.String => value.GetString(),
                JsonValueKind.Null => null,
                JsonValueKind.Number => value.GetRawText(), // a version such as 1.0 written without quotes
                _ => throw new FormatException($"{name}: must be text"),
            };
        }
        catch (InvalidOperationException exception)
        {
            // Half a character, as an escape such as \ud800 can write it.
            throw new FormatException($"{name}: must be text", exception);
        }
    }
}

/// <summary>What the Package Deployment API accepts.</summary>
public sealed class PackageDeploymentValidator : AbstractValidator<PackageDeploymentRequest>
{
    /// <param name="fields">The rules that all roads share.</param>
    public PackageDeploymentValidator(IValidator<DeploymentFields> fields)
    {
        RuleLevelCascadeMode = CascadeMode.Stop;
        Include(fields);
        RuleFor(request => request.FeedName).NotEmpty().WithMessage("is missing").Coordinate();
        RuleFor(request => request.PackageName).NotEmpty().WithMessage("is missing").Coordinate();
        RuleFor(request => request.Version).NotEmpty().WithMessage("is missing").Coordinate();
        RuleFor(request => request.GroupName).Coordinate();
    }

    /// <summary>The problems, one line each, naming the property; null when there is none.</summary>
    public string? ProblemsOrNull(PackageDeploymentRequest request)
    {
        var result = Validate(request);
        return result.IsValid
            ? null
            : string.Join('\n', result.Errors.Select(error => $"{error.PropertyName}: {error.ErrorMessage}"));
    }
}

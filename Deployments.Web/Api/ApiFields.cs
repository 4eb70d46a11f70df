using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Deployments.Web.Records;
using Microsoft.AspNetCore.Http.Features;

namespace Deployments.Web.Api;

/// <summary>
/// The properties of a JSON object that was sent, in any letter case. A property that is absent changes nothing.
/// </summary>
sealed class ApiFields
{
    const int BodyBytesMax = 256 * 1024;

    // A property that is not known may be anything, a secret too; these are not kept.
    static readonly string[] SecretWords = ["password", "secret", "token", "credential", "apikey"];

    readonly Dictionary<string, JsonElement> fields;

    ApiFields(Dictionary<string, JsonElement> fields) => this.fields = fields;

    /// <exception cref="ApiRefusal">The body is no JSON object, larger than 256 KB, or cannot be stored.</exception>
    public static async Task<ApiFields> ReadAsync(HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = BodyBytesMax;
        try
        {
            var body = await JsonSerializer.DeserializeAsync<JsonElement>(context.Request.Body,
                cancellationToken: context.RequestAborted);
            if (body.ValueKind != JsonValueKind.Object)
                throw new ApiRefusal(StatusCodes.Status400BadRequest, "The body must be a JSON object.");
            var fields = new Dictionary<string, JsonElement>(StringComparer.OrdinalIgnoreCase);
            foreach (var property in body.EnumerateObject())
            {
                if (StorableJson.NameProblemOrNull(property) is { } nameless)
                    throw new ApiRefusal(StatusCodes.Status400BadRequest, $"The name of a property {nameless}.");
                if (StorableJson.ProblemOrNull(property.Value) is { } problem)
                    throw ApiRefusal.Invalid(property.Name, problem);
                fields[property.Name] = property.Value;
            }

            return new ApiFields(fields);
        }
        catch (JsonException)
        {
            throw new ApiRefusal(StatusCodes.Status400BadRequest, "The body must be a JSON object.");
        }
        catch (BadHttpRequestException tooLarge)
        {
            throw new ApiRefusal(tooLarge.StatusCode, tooLarge.Message);
        }
    }

    public bool Has(string name) => fields.ContainsKey(name);

    /// <summary>Null when absent or JSON null.</summary>
    public string? Text(string name) => Value(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } value => value.GetString(),
        _ => throw ApiRefusal.Invalid(name, "must be a string"),
    };

    public string Required(string name) =>
        Text(name) is { Length: > 0 } text ? text : throw ApiRefusal.Invalid(name, "is required");

    public bool? Flag(string name) => Value(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        _ => throw ApiRefusal.Invalid(name, "must be true or false"),
    };

    public int? Number(string name) => Value(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Number } value when value.TryGetInt32(out var number) => number,
        _ => throw ApiRefusal.Invalid(name, "must be a whole number"),
    };

    public IReadOnlyList<string>? Names(string name)
    {
        if (Value(name) is not { } value)
            return null;
        if (value.ValueKind != JsonValueKind.Array
            || value.EnumerateArray().Any(item => item.ValueKind != JsonValueKind.String))
            throw ApiRefusal.Invalid(name, "must be an array of strings");
        return [.. value.EnumerateArray().Select(item => item.GetString()!)];
    }

    public IReadOnlyList<int>? Numbers(string name)
    {
        if (Value(name) is not { } value)
            return null;
        if (value.ValueKind != JsonValueKind.Array
            || value.EnumerateArray().Any(item => item.ValueKind != JsonValueKind.Number || !item.TryGetInt32(out _)))
            throw ApiRefusal.Invalid(name, "must be an array of whole numbers");
        return [.. value.EnumerateArray().Select(item => item.GetInt32())];
    }

    /// <summary>An array of objects as it was sent; each property is text.</summary>
    /// <exception cref="ApiRefusal">It is something else.</exception>
    public IReadOnlyList<IReadOnlyDictionary<string, string>>? TextObjects(string name)
    {
        if (Value(name) is not { } value)
            return null;
        if (value.ValueKind != JsonValueKind.Array
            || value.EnumerateArray().Any(item => item.ValueKind != JsonValueKind.Object
                || item.EnumerateObject().Any(one =>
                    one.Value.ValueKind is not (JsonValueKind.String or JsonValueKind.Null))))
            throw ApiRefusal.Invalid(name, "must be an array of objects whose properties are texts");
        return
        [
            .. value.EnumerateArray().Select(item => item.EnumerateObject()
                .GroupBy(one => one.Name, StringComparer.OrdinalIgnoreCase)
                .ToDictionary(
                    one => one.Key, one => one.Last().Value.GetString() ?? "", StringComparer.OrdinalIgnoreCase)),
        ];
    }

    /// <summary>The end of something: a day alone means its end, and a time without offset is UTC.</summary>
    public DateTimeOffset? End(string name) => Text(name) is not { } text ? null
        : TimeText.TryParseEnd(text) ?? Time(name);

    /// <summary>A time without offset is UTC.</summary>
    public DateTimeOffset? Time(string name) => Text(name) is not { } text ? null
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time.ToUniversalTime()
            : throw ApiRefusal.Invalid(name, "must be an ISO 8601 date");

    /// <summary>
    /// The properties that this program has no use for, laid over those kept before, so that tools read back what they
    /// wrote. JSON null removes one.
    /// </summary>
    /// <param name="kept">The text of a JSON object.</param>
    /// <param name="known">Properties that are kept elsewhere.</param>
    public string OthersOver(string kept, IReadOnlySet<string> known)
    {
        var result = JsonNode.Parse(kept)!.AsObject();
        foreach (var (name, value) in fields.Where(field => !known.Contains(field.Key)))
        {
            if (SecretWords.Any(word => name.Contains(word, StringComparison.OrdinalIgnoreCase)))
                continue;
            foreach (var old in result.Select(pair => pair.Key)
                .Where(key => key.Equals(name, StringComparison.OrdinalIgnoreCase)).ToList())
                result.Remove(old);
            if (value.ValueKind != JsonValueKind.Null)
                result[name] = JsonNode.Parse(value.GetRawText());
        }

        return result.ToJsonString();
    }

    JsonElement? Value(string name) =>
        fields.TryGetValue(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
}

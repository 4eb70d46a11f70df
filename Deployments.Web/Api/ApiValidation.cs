using System.Text.Json;
using FluentValidation;

namespace Deployments.Web.Api;

/// <summary>Turns a validator's verdict into an answer of one line for each problem.</summary>
static class ApiValidation
{
    /// <param name="validator">The rules.</param>
    /// <param name="value">What was given.</param>
    /// <param name="apiName">The API's name of a property where it is not the property's own.</param>
    /// <exception cref="ApiRefusal">400 with the problems.</exception>
    public static void ThrowUnlessValid<T>(IValidator<T> validator, T value, Func<string, string>? apiName = null)
    {
        var result = validator.Validate(value);
        if (!result.IsValid)
        {
            apiName ??= JsonNamingPolicy.CamelCase.ConvertName;
            throw new ApiRefusal(StatusCodes.Status400BadRequest, string.Join(
                '\n', result.Errors.Select(error => $"{apiName(error.PropertyName)}: {error.ErrorMessage}.")));
        }
    }
}

using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Kd.ServiceDefaults.Settings;

/// <summary>Checks the annotations of all properties and reports every violation by its full name, its value and what is allowed.</summary>
internal sealed class SectionValidator<T>(string section) : IValidateOptions<T>
    where T : class
{
    public ValidateOptionsResult Validate(string? name, T options)
    {
        var failures = new List<string>();
        foreach (var property in typeof(T).GetProperties())
        {
            var value = property.GetValue(options);
            foreach (var attribute in property.GetCustomAttributes(inherit: true).OfType<ValidationAttribute>())
            {
                if (!attribute.IsValid(value))
                    failures.Add($"{section}:{property.Name} is '{value}'. {attribute.FormatErrorMessage(property.Name)}");
            }
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}
